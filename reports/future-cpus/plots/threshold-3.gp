# Draws threshold-3.svg from threshold-3.csv: run `gnuplot threshold-3.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'threshold-3.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Modelled: speed-up over dense, whole socket (times), from epyc-9755" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "Memory bandwidth, peak (GB/s)"
set logscale x 2
set xrange [34.90909090909091:10813.44]
set title offset 0,0.5
set tmargin 3.8
set arrow from 614.4, graph 0 to 614.4, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "epyc-9755: 614.4 GB/s" at 614.4, graph 1.03 center font 'Arial,13' textcolor '#505050'
set logscale y 10
set yrange [0.029962653169049464:51.57816744837549]
set ytics ('0.05' 0.05, '0.1' 0.1, '0.2' 0.2, '0.5' 0.5, '1' 1.0, '2' 2.0, '5' 5.0, '10' 10.0, '20' 20.0, '50' 50.0)
set ylabel "Modelled speed-up over dense, whole socket (times)"
set bmargin 8.50
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 3 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'threshold-3.csv' skip 1 using ($1 == 1 ? $2 : NaN):3 with lines linecolor '#0072B2' linewidth 2 title "rows=64 d=512 1 thread", \
  'threshold-3.csv' skip 1 using ($1 == 2 ? $2 : NaN):3 with lines linecolor '#D55E00' linewidth 2 title "rows=64 d=512 8 threads", \
  'threshold-3.csv' skip 1 using ($1 == 3 ? $2 : NaN):3 with lines linecolor '#009E73' linewidth 2 title "rows=256 d=512 1 thread", \
  'threshold-3.csv' skip 1 using ($1 == 4 ? $2 : NaN):3 with lines linecolor '#CC79A7' linewidth 2 title "rows=256 d=512 8 threads", \
  'threshold-3.csv' skip 1 using ($1 == 5 ? $2 : NaN):3 with lines linecolor '#E69F00' linewidth 2 title "rows=1024 d=512 1 thread", \
  'threshold-3.csv' skip 1 using ($1 == 6 ? $2 : NaN):3 with lines linecolor '#56B4E9' linewidth 2 title "rows=1024 d=512 8 threads", \
  2.0 with lines linecolor '#404040' dashtype 3 title "asked for: 2"
